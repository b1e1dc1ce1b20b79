"""How the pipeline is: what each stage holds, how old it is, and what went wrong, as plain data for whoever shows it.

| read | for |
| --- | --- |
| `polls` | how polling goes, which coins are absent, which credits are left |
| `builds` | how building goes |
| `stages` | how far landing and the marts are |
| `disk` | how much room there is, and how much it takes |
| `tables` | rows of PostgreSQL as dataclasses |
| `report` | all of it at once, what cannot be reached included |
| `verdicts` | whether each stage is healthy, stale or broken, and why |
"""
