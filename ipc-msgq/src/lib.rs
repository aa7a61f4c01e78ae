//! System V message queues between any two processes.
