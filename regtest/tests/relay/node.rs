//! A `bitcoind` on a regtest chain of its own: started, asked over JSON-RPC, and stopped.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::transaction::Version;
use bitcoin::{
    Address, Amount, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid,
    absolute,
};
use pointlock_regtest::RegtestChain;
use serde_json::{Value, json};

/// `pointlock:pointlock` in base 64; the node listens on the own machine alone.
const AUTHORIZATION: &str = "Basic cG9pbnRsb2NrOnBvaW50bG9jaw==";
const START: Duration = Duration::from_secs(120);

pub(crate) struct Node {
    process: Child,
    folder: PathBuf,
    url: String,
    /// Anyone's, confirmed and mature.
    coins: Vec<(OutPoint, Amount)>,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Node {
    /// With coins to spend.
    pub(crate) fn start() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let program =
            std::env::var_os("BITCOIND").expect("BITCOIND names the program: just long-relay");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pointlock-relay-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let process = Command::new(program)
            .arg(format!("-datadir={}", folder.display()))
            .arg(format!("-rpcport={port}"))
            .args(["-regtest", "-rpcuser=pointlock", "-rpcpassword=pointlock"])
            .args(["-listen=0", "-connect=0", "-dnsseed=0", "-persistmempool=0"])
            .args(["-printtoconsole=0", "-par=1", "-dbcache=16"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}/");
        let mut node = Self { process, folder, url, coins: Vec::new() };
        let begun = Instant::now();
        while let Err(error) = node.ask("getblockcount", &json!([])) {
            assert!(begun.elapsed() < START, "{error}");
            sleep(Duration::from_millis(100));
        }
        node.mine(110);
        for height in 1..=10 {
            let hash = node.rpc("getblockhash", &json!([height]));
            let block = node.rpc("getblock", &json!([hash, 1]));
            let txid: Txid = block["tx"][0].as_str().unwrap().parse().unwrap();
            node.coins.push((OutPoint { txid, vout: 0 }, Amount::from_int_btc(50)));
        }
        node
    }

    fn ask(&self, method: &str, params: &Value) -> Result<Value, String> {
        let call = json!({ "jsonrpc": "2.0", "id": 0, "method": method, "params": params });
        let answer = bitreq::post(&self.url)
            .with_header("Authorization", AUTHORIZATION)
            .with_header("Content-Type", "application/json")
            .with_body(call.to_string())
            .with_timeout(Duration::from_secs(60))
            .send()
            .map_err(|error| error.to_string())?;
        let text = answer.as_str().map_err(|error| error.to_string())?;
        let mut answer: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        match answer["error"].take() {
            Value::Null => Ok(answer["result"].take()),
            error => Err(error["message"].as_str().unwrap_or("?").to_owned()),
        }
    }

    fn rpc(&self, method: &str, params: &Value) -> Value {
        self.ask(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    pub(crate) fn height(&self) -> u32 {
        self.rpc("getblockcount", &json!([])).as_u64().unwrap() as u32
    }

    /// Blocks with what is in the mempool.
    pub(crate) fn mine(&self, count: u32) {
        self.rpc("generatetoaddress", &json!([count, anyones_address()]));
    }

    pub(crate) fn mine_to(&self, height: u32) {
        self.mine(height.saturating_sub(self.height()));
    }

    /// A block with these, whatever is in the mempool.
    pub(crate) fn confirm(&self, transactions: &[Transaction]) {
        let raw: Vec<String> = transactions.iter().map(serialize_hex).collect();
        self.rpc("generateblock", &json!([anyones_address(), raw]));
    }

    /// A transaction, not sent, that pays these outputs from anyone's coins, and the rest to anyone as its last output.
    pub(crate) fn paying(&mut self, outputs: &[TxOut], fee: u64, version: i32) -> Transaction {
        let (outpoint, value) = self.coins.remove(0);
        let mut output = outputs.to_vec();
        let paid: Amount = output.iter().map(|output| output.value).sum();
        let value = value - paid - Amount::from_sat(fee);
        output.push(TxOut { value, script_pubkey: RegtestChain::anyones() });
        let input = anyones_input(outpoint);
        let lock_time = absolute::LockTime::ZERO;
        Transaction { version: Version(version), lock_time, input: vec![input], output }
    }

    /// Puts outputs on the chain.
    pub(crate) fn fund(&mut self, outputs: &[TxOut]) -> Vec<OutPoint> {
        let transaction = self.paying(outputs, 1_000, 2);
        self.confirm(std::slice::from_ref(&transaction));
        let (txid, change) = (transaction.compute_txid(), outputs.len());
        let left = OutPoint { txid, vout: change as u32 };
        self.coins.push((left, transaction.output[change].value));
        (0..change as u32).map(|vout| OutPoint { txid, vout }).collect()
    }

    /// What `testmempoolaccept` says to one transaction: its reason to refuse it.
    pub(crate) fn test(&self, transaction: &Transaction) -> Result<(), String> {
        let answer = self.rpc("testmempoolaccept", &json!([[serialize_hex(transaction)], 0]));
        let first = &answer[0];
        if first["allowed"] == true {
            return Ok(());
        }
        let reason = first["reject-details"].as_str().or(first["reject-reason"].as_str());
        Err(reason.unwrap_or("?").to_owned())
    }

    /// Into the mempool.
    pub(crate) fn send(&self, transaction: &Transaction) -> Result<(), String> {
        self.ask("sendrawtransaction", &json!([serialize_hex(transaction), 0])).map(|_| ())
    }

    /// Into the mempool, together: with all reasons if not.
    pub(crate) fn package(&self, transactions: &[Transaction]) -> Result<(), String> {
        let raw: Vec<String> = transactions.iter().map(serialize_hex).collect();
        let answer = self.ask("submitpackage", &json!([raw, 0]))?;
        let said = answer["package_msg"].as_str().unwrap_or("?");
        if said == "success" {
            return Ok(());
        }
        let results = answer["tx-results"].as_object().unwrap();
        let errors = results.values().filter_map(|result| result["error"].as_str());
        Err([said].into_iter().chain(errors).collect::<Vec<_>>().join("; "))
    }

    /// An unconfirmed transaction that spends this output, as whoever watches finds it.
    pub(crate) fn spender(&self, outpoint: OutPoint) -> Option<Transaction> {
        let all = self.rpc("getrawmempool", &json!([]));
        let all = all.as_array().unwrap().iter();
        all.map(|txid| {
            let raw = self.rpc("getrawtransaction", &json!([txid]));
            deserialize_hex::<Transaction>(raw.as_str().unwrap()).unwrap()
        })
        .find(|other| other.input.iter().any(|input| input.previous_output == outpoint))
    }

    pub(crate) fn has(&self, transaction: &Transaction) -> bool {
        self.ask("getmempoolentry", &json!([transaction.compute_txid().to_string()])).is_ok()
    }

    /// Whether it is on the chain: by its first output, which nothing spends in these tests.
    pub(crate) fn confirmed(&self, outpoint: OutPoint) -> bool {
        let params = json!([outpoint.txid.to_string(), outpoint.vout, false]);
        !self.rpc("gettxout", &params).is_null()
    }

    /// What the node calls itself, and the lowest feerate that it relays, in satoshi for a thousand bytes.
    pub(crate) fn policy(&self) -> (String, Amount, Amount) {
        let name =
            self.rpc("getnetworkinfo", &json!([]))["subversion"].as_str().unwrap().to_owned();
        let mempool = self.rpc("getmempoolinfo", &json!([]));
        let rate = |name: &str| Amount::from_btc(mempool[name].as_f64().unwrap()).unwrap();
        (name, rate("minrelaytxfee"), rate("incrementalrelayfee"))
    }
}

fn anyones_address() -> String {
    Address::from_script(&RegtestChain::anyones(), Network::Regtest).unwrap().to_string()
}

pub(crate) fn anyones_input(previous_output: OutPoint) -> TxIn {
    TxIn {
        previous_output,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: RegtestChain::anyones_witness(),
    }
}
