//! The operator's commands, as a person or a script uses them: results, exit statuses, pipelines, errors.

#[path = "common/children.rs"]
mod children;
#[path = "command/errors.rs"]
mod errors;
#[path = "command/looking.rs"]
mod looking;
#[path = "command/pipelines.rs"]
mod pipelines;
#[path = "command/receiving.rs"]
mod receiving;
#[path = "command/removing.rs"]
mod removing;
#[path = "command/sending.rs"]
mod sending;
#[path = "command/serving.rs"]
mod serving;
#[path = "command/tools.rs"]
mod tools;
