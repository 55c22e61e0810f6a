use super::form::short;
use super::{Atom, Coalition, Model, Share, Target};
use pointlock::curve::PublicScalar;

/// "sender gives y_0[2] (it drew it); …; so l_2[2] = …; router is the claimer …".
pub(super) fn derivation(
    model: &Model,
    coalition: Coalition,
    target: &Target,
    shares: &[Share],
) -> Vec<String> {
    let mut lines: Vec<String> = coalition
        .members()
        .filter_map(|party| {
            // Together what it knows for the same reason.
            let mut given: Vec<(&str, Vec<String>)> = Vec::new();
            for share in shares.iter().filter(|share| share.party == party) {
                let fact = &model.parties[party].facts[share.fact];
                let form = model.symbols.text(&fact.form);
                let text = match form == fact.label {
                    true => form,
                    false => format!("{} = {form}", fact.label),
                };
                match given.iter_mut().find(|(how, _)| *how == fact.how) {
                    Some((_, texts)) => texts.push(text),
                    None => given.push((&fact.how, vec![text])),
                }
            }
            let given: Vec<String> = given
                .into_iter()
                .map(|(how, texts)| format!("{} ({how})", texts.join(", ")))
                .collect();
            let name = &model.parties[party].name;
            (!given.is_empty()).then(|| format!("{name} gives {}", given.join("; ")))
        })
        .collect();
    let mut sum = String::new();
    let is_blind = |share: &&Share| {
        let form = &model.parties[share.party].facts[share.fact].form;
        form.as_atom().is_some_and(|atom| !matches!(atom, Atom::Coefficient { .. }))
    };
    let (last, first): (Vec<&Share>, Vec<&Share>) = shares.iter().partition(is_blind);
    for share in first.into_iter().chain(last) {
        let label = &model.parties[share.party].facts[share.fact].label;
        let minus = share.coefficient == PublicScalar::ONE.negate();
        sum.push_str(match (sum.is_empty(), minus) {
            (true, false) => "",
            (true, true) => "−",
            (false, false) => " + ",
            (false, true) => " − ",
        });
        if !minus && share.coefficient != PublicScalar::ONE {
            sum.push_str(&short(&share.coefficient));
            sum.push('·');
        }
        sum.push_str(label);
    }
    let form = model.symbols.lock_secret_text(target.attempt, target.edge);
    let secret = if target.form.as_atom().is_some_and(|atom| atom.is_preimage()) {
        form.to_string()
    } else {
        format!("l_{}[{}] = {form}", target.edge, model.symbols.lock_name(target.attempt))
    };
    // The sum of atoms that the secret is by definition need not be written twice.
    let by = if sum == form { String::new() } else { format!(" = {sum}") };
    lines.push(format!("so {secret}{by}"));
    let claimer = &model.parties[target.claimer].name;
    let edge = target.edge;
    let attempt = model.symbols.lock_name(target.attempt);
    lines.push(format!(
        "{claimer} is the claimer of edge {edge} in payment {attempt}, and takes it"
    ));
    lines
}
