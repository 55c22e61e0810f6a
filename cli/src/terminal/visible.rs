//! Text that others have written: the names of files, a title, what a peer or a vault answers.

/// The text with an escape in the place of each character that a terminal obeys or that turns the line around: `\u{1b}` for the one
/// before `[31m`. Line ends stay.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && (c.is_control() || turns(c)) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Marks of the direction in which text is read, and separators that some terminals take for line ends.
fn turns(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_moves_a_terminal() {
        assert_eq!(visible("a\u{1b}[31mb\u{9b}2J\r\t"), "a\\u{1b}[31mb\\u{9b}2J\\r\\t");
        assert_eq!(visible("gpj.\u{202e}txt"), "gpj.\\u{202e}txt");
        let as_it_is = "vault/ключ \u{1f511} z₁ … \\u\nnext";
        assert_eq!(visible(as_it_is), as_it_is);
    }
}
