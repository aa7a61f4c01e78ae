//! Measures what crosses machines beside what does not, on a wire of one's choice.
