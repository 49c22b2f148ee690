"""A spreadsheet's rows, one JSON line each: a program of its own, which `reading.py` starts.

Files come from outside and a small one can unfold into many gigabytes. This process may use only so much memory and
time, holds no secret and no connection; where it dies, the file is refused and the worker goes on. It starts for each
file, so nothing here imports anything else of the hub.

In: the file, on standard input. Out: `{"rows": n}`, then `[line, [cell, …], [[column, code], …]]` for each row that is
not empty, then `{"end": true}`; or `{"refused": code}` at any point.
"""
