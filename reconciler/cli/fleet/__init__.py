"""Accounts looked after by the workers of a fleet (`--dask`), instead of by threads of this process.

    by_account      here: one order an account; what comes back, as plans, drift reports and ends of an apply
    account_order   what a worker is told of an account; no secret is in it
    account_task    on the worker: plan, compare or apply one account, by the same engine as everywhere
    account_answer  what a worker answers
    task_runner     the seam: where orders are carried out; errors of it as values
    dask_runner     the seam, by Dask: a scheduler elsewhere, or one of our own with processes here (`local_workers`)

How to print, to guard, to ask and to exit is not decided here.
"""
