//! x
#[derive(clap::Args)]
pub(crate) struct Args {
    #[arg(long)]
    json: bool,
}
pub(crate) fn run(_args: &Args) -> Result<(), Box<dyn std::error::Error>> {
    Ok(())
}
