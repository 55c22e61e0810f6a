//! What can happen after what happened before.

use pointlock_sim::System;

use super::event::{Event, Leaked, Pay};
use super::scenario::{Scenario, ScenarioError};

/// How far a payment is.
#[derive(Clone, Copy)]
enum Stage {
    Paid,
    Partly,
    Forwarded,
    PartlyClaimed,
    Claimed,
    Failed,
}

/// How far everything is.
struct Stages<'a> {
    scenario: &'a Scenario,
    payments: Vec<Stage>,
    invoices: usize,
}

/// Refuses what can't happen.
pub(super) fn check(scenario: &Scenario) -> Result<(), ScenarioError> {
    let mut stages = Stages { scenario, payments: Vec::new(), invoices: 1 };
    for (line, event) in &scenario.events {
        stages.happens(event).map_err(|problem| ScenarioError { line: *line, problem })?;
    }
    Ok(())
}

impl Stages<'_> {
    fn happens(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Pay(pay) => self.pay(pay),
            Event::Forward { payment, to } => self.forward(*payment, to.as_deref()),
            Event::Claim { payment, down_to } => self.claim(*payment, down_to.as_deref()),
            Event::ClaimEarly { payment } => self.claim_early(*payment),
            Event::Fail { payment } => self.fail(*payment),
            Event::RestoreReceiver => Ok(()),
            Event::Publish { invoice, polynomial_of } => self.publish(*invoice, *polynomial_of),
            Event::ReuseBlinds { of, by } => self.reuse_blinds(*of, *by),
            Event::Leak { what, payment, to } => self.leak(*what, *payment, to),
        }
    }

    fn stage(&self, payment: usize) -> Result<Stage, String> {
        let missing = || format!("payment {} is not paid yet", payment + 1);
        self.payments.get(payment).copied().ok_or_else(missing)
    }

    fn forwarder(&self, name: &str) -> Result<(), String> {
        match self.scenario.route.iter().any(|hop| hop == name) {
            true => Ok(()),
            false => Err(format!("{name}: is not on the route")),
        }
    }

    fn pay(&mut self, pay: &Pay) -> Result<(), String> {
        let payment = pay.payment;
        if payment != self.payments.len() {
            let next = self.payments.len() + 1;
            return Err(format!("payment {}: the next one is {next}", payment + 1));
        }
        if pay.invoice >= self.invoices {
            return Err(format!("invoice {}: is not published yet", pay.invoice + 1));
        }
        if let Some(other) = pay.same_x {
            self.stage(other)?;
            if self.scenario.system != System::S5 {
                return Err("x: only payments of S5 have one".to_owned());
            }
            if self.scenario.payers[other] != self.scenario.payers[payment] {
                return Err(format!("payment {}: has another payer", other + 1));
            }
        }
        check_way(self.scenario, pay)?;
        self.payments.push(Stage::Paid);
        Ok(())
    }

    fn forward(&mut self, payment: usize, to: Option<&str>) -> Result<(), String> {
        match self.stage(payment)? {
            Stage::Paid | Stage::Partly => {}
            Stage::Forwarded => return Err("is forwarded already".to_owned()),
            _ => return Err("forwards after claiming or failing".to_owned()),
        }
        to.map_or(Ok(()), |to| self.forwarder(to))?;
        self.payments[payment] = if to.is_some() { Stage::Partly } else { Stage::Forwarded };
        Ok(())
    }

    fn claim(&mut self, payment: usize, down_to: Option<&str>) -> Result<(), String> {
        match self.stage(payment)? {
            Stage::Forwarded | Stage::PartlyClaimed => {}
            Stage::Paid | Stage::Partly => {
                return Err(format!("claims payment {} before forwarding it", payment + 1));
            }
            Stage::Claimed => return Err("is claimed already".to_owned()),
            Stage::Failed => return Err("claims after failing".to_owned()),
        }
        if let Some(name) = down_to.filter(|name| *name != "receiver") {
            self.forwarder(name)?;
        }
        let partly = down_to.is_some_and(|name| self.scenario.route[0] != name);
        self.payments[payment] = if partly { Stage::PartlyClaimed } else { Stage::Claimed };
        Ok(())
    }

    fn claim_early(&mut self, payment: usize) -> Result<(), String> {
        let Stage::Forwarded = self.stage(payment)? else {
            return Err("early: what has been forwarded, and not claimed".to_owned());
        };
        if self.scenario.parts(payment) < 2 {
            return Err("early: what has several parts".to_owned());
        }
        self.payments[payment] = Stage::Claimed;
        Ok(())
    }

    fn fail(&mut self, payment: usize) -> Result<(), String> {
        if matches!(self.stage(payment)?, Stage::Claimed | Stage::PartlyClaimed) {
            return Err("fails after a claim".to_owned());
        }
        self.payments[payment] = Stage::Failed;
        Ok(())
    }

    fn publish(&mut self, invoice: usize, polynomial_of: Option<usize>) -> Result<(), String> {
        if invoice != self.invoices {
            let next = self.invoices + 1;
            return Err(format!("invoice {}: the next one is {next}", invoice + 1));
        }
        if let Some(other) = polynomial_of {
            if other >= self.invoices {
                return Err(format!("invoice {}: is not published yet", other + 1));
            }
            if self.scenario.system != System::S5 {
                return Err("polynomial: only S5 has one".to_owned());
            }
        }
        self.invoices += 1;
        Ok(())
    }

    fn reuse_blinds(&self, of: usize, by: usize) -> Result<(), String> {
        self.stage(of)?;
        self.stage(by)?;
        if of == by || !self.scenario.system.point_locks() {
            return Err("reuse: takes two payments under points".to_owned());
        }
        Ok(())
    }

    fn leak(&self, what: Leaked, payment: usize, to: &str) -> Result<(), String> {
        self.stage(payment)?;
        if self.scenario.party(to).is_none() {
            return Err(format!("{to}: neither pays nor stands on the route"));
        }
        if self.scenario.parts(payment) > 1 {
            return Err("leak: each part has secrets of its own".to_owned());
        }
        // The number of the last y that the payer draws.
        let last = self.scenario.finder(payment).unwrap_or(self.scenario.route.len());
        match what {
            Leaked::Release => Ok(()),
            _ if !self.scenario.system.point_locks() => {
                Err("a payment under a hash has no blinds".to_owned())
            }
            Leaked::Blind(hop) if hop > last => {
                Err(format!("y_{hop}: the last one that the payer draws is y_{last}"))
            }
            Leaked::PathOffsetSum if self.scenario.on_path == 0 => {
                Err("B: the route is in the clear".to_owned())
            }
            Leaked::Blind(_) | Leaked::FinalBlind | Leaked::PathOffsetSum => Ok(()),
        }
    }
}

/// Whether there is such a way to the receiver.
fn check_way(scenario: &Scenario, pay: &Pay) -> Result<(), String> {
    if pay.parts > Scenario::MAX_PARTS || pay.parts > 1 && !scenario.system.point_locks() {
        return Err(format!(
            "parts: at most {}, and of a payment under points",
            Scenario::MAX_PARTS
        ));
    }
    if pay.path >= Scenario::MAX_PATHS || pay.path > 0 && scenario.on_path == 0 {
        return Err(format!("path {}: there is none", pay.path + 1));
    }
    let Some(name) = &pay.trampoline else { return Ok(()) };
    if !scenario.system.point_locks() {
        return Err("trampoline: only for payments under points".to_owned());
    }
    match scenario.trampoline(pay) {
        None => Err(format!("{name}: is not on the route")),
        Some(hop) if hop + scenario.on_path > scenario.route.len() => {
            Err(format!("{name}: stands on the receiver's path"))
        }
        Some(_) => Ok(()),
    }
}
