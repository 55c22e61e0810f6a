//! What the pages share: one file each, without script, font or network, in light and in dark.

use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

/// The page from its head to the start of its content.
pub(crate) fn open(page: &mut String, title: &str) {
    let _ = write!(
        page,
        "<!doctype html><html lang=en><head><meta charset=utf-8>\
         <meta name=viewport content='width=device-width,initial-scale=1'>\
         <title>{}</title><style>{STYLE}</style></head><body><main>",
        escape(title)
    );
}

pub(crate) fn close(page: &mut String) {
    page.push_str("</main></body></html>\n");
}

/// A name as people write it, with room to break.
pub(crate) fn words(name: &str) -> String {
    escape(&name.replace("_lsp", " LSP").replace('_', " "))
}

pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_text_or_an_attribute() {
        assert_eq!(words("<b>_'\"&"), "&lt;b&gt; &#39;&quot;&amp;");
        assert_eq!(words("past_payer_2"), "past payer 2");
        assert_eq!(words("sender_lsp + router_2"), "sender LSP + router 2");
    }
}
