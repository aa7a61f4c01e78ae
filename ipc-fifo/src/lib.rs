//! Named pipes (FIFOs) between any two processes.
