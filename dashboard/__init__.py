"""The dashboard: the marts and the health of the pipeline in a browser, `coinloom dashboard`.

| read | for |
| --- | --- |
| `server`, `app`, `guard` | the process, the application, and who may call it |
| `address` | what the address of a page says |
| `shell` | the frame around every page: the way about, the currency, the age of the data |
| `scripts`, `prepared` | what a browser is told to load together with a page, and the page that is made meanwhile |
| `pages/` | movers, coin, health |
| `figures/` | the pictures |
| `market`, `answers` | what the pages show, read once per publish and kept until the next |
| `queries`, `database` | every question to the marts, and the few connections, as bi_reader |
| `downloads`, `tables` | what is shown as CSV or Parquet |
| `numbers`, `names`, `parts` | how numbers are written; what a coin is called; pieces of pages |
"""
