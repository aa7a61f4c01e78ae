//! A file mapped into the memory of any two processes.
