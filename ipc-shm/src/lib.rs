//! System V shared memory between any two processes.
