//! Anonymous pipes between a parent and its child.
