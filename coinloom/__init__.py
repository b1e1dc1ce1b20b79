"""The ground on which all others stand: it knows none of them.

| read | for |
| --- | --- |
| `settings` | every setting, with its default |
| `errors` | the root of what is raised on purpose |
| `logs`, `progress`, `wording` | what a process writes, and what a person sees |
| `processes`, `stopping` | child processes; how a process is asked to stop |
| `alone` | one process at a time |
| `listening` | why a server of ours cannot listen |
| `clock` | the wall clock, and how a moment is read and written |
| `storage` | what to do about a disk that is full or read-only |
"""
