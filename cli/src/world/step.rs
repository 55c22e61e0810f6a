use serde::Serialize;

/// A line of the story.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Step {
    pub(crate) height: u32,
    pub(crate) party: String,
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Tone {
    Plain,
    Good,
    Bad,
}
