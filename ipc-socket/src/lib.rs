//! Sockets between processes of one host or of two.
