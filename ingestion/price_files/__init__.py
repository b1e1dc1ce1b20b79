"""A file of historical prices onto the topic.

| read | for |
| --- | --- |
| `run` | a file with several processes |
| `loader` | the share of one process, row by row through the sender |
| `reader` | the file: compression, encoding, its lines, which of them a process takes |
| `parser` | one line as a price update, or the reason why it is none |
"""
