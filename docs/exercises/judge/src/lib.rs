//! Judges the exercises. For each there is a module with tests, which start the program and look at what it does:
//!
//! ```sh
//! cargo run -p course -- run pipe_end_of_file
//! ```
//!
//! The runner builds the program, and tells the tests by the variable `JUDGED` in which folder it lies. So the same
//! tests judge an exercise as given, as you have changed it, and as solved.

#![cfg(test)]

mod ipc;
mod kernel;
mod program;
mod sys;

mod pipe {
    mod end_of_file;
    mod frames;
    mod group_signal;
    mod pipeline;
    mod two_full;
}

mod fifo {
    mod next_writer;
    mod order;
    mod private;
    mod writers;
}

mod msgq {
    mod clients;
    mod deadline;
    mod early_removal;
    mod one_type;
    mod priority;
    mod size;
}

mod shm {
    mod dead_holder;
    mod false_sharing;
    mod last_one_out;
    mod lost_update;
    mod release_acquire;
    mod text;
}

mod mmap {
    mod after_kill;
    mod length;
    mod payload;
    mod private;
}

mod socket {
    mod pass_descriptor;
    mod peer_credentials;
    mod short_read;
    mod stale_path;
    mod unterminated;
}

mod capstone {
    mod job_queue;
}
