//! One question on a terminal.

use std::io::{BufRead, Write};

use ipc_core::{Call, Error, Result};

/// Asks until the answer is valid. An empty line takes the `usual` answer.
///
/// `hint` has a line for each possible answer, or describes the expected one.
///
/// # Errors
/// [`Refused`](Error::Refused): there are no more answers (the end of the input, Ctrl-D).
/// [`Os`](Error::Os): the terminal is gone.
pub fn ask<T>(
    input: &mut impl BufRead,
    output: &mut impl Write,
    question: &str,
    hint: &str,
    usual: &str,
    read: impl Fn(&str) -> Result<T>,
) -> Result<T> {
    writeln!(output, "{question}\n{hint}").call("write")?;
    loop {
        write!(output, "[{usual}] > ").and_then(|()| output.flush()).call("write")?;
        let mut line = String::new();
        if input.read_line(&mut line).call("read")? == 0 {
            writeln!(output).call("write")?; // the prompt's line is still open
            return Err(Error::Refused(format!("no answer to: {question}")));
        }
        let answer = if line.trim().is_empty() { usual } else { line.trim() };
        match read(answer) {
            Ok(answer) => return Ok(answer),
            Err(error) => writeln!(output, "{error}").call("write")?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(typed: &str) -> (Result<u32>, String) {
        let mut output = Vec::new();
        let read = |text: &str| text.parse().map_err(|_| Error::Usage(format!("'{text}' is not a number")));
        let answer = ask(&mut typed.as_bytes(), &mut output, "How many?", "  a number", "1", read);
        (answer, String::from_utf8(output).unwrap())
    }

    #[test]
    fn a_wrong_answer_is_asked_again_and_none_is_the_usual_one() {
        let (answer, shown) = answered("many\n 3 \n");
        assert_eq!(
            (answer.unwrap(), &*shown),
            (3, "How many?\n  a number\n[1] > 'many' is not a number\n[1] > ")
        );
        assert_eq!(answered("\n").0.unwrap(), 1);
        assert_eq!(answered("4").0.unwrap(), 4, "a last line without its end");
    }

    #[test]
    fn the_end_of_the_input_is_an_error_of_one_line() {
        let (answer, shown) = answered("many\n");
        assert_eq!(answer.unwrap_err().to_string(), "no answer to: How many?");
        assert!(shown.ends_with("[1] > \n"));
    }
}
