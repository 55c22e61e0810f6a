#![allow(missing_docs, clippy::unwrap_used)]
use pointlock::adaptor::schnorr::*;
use pointlock::curve::*;
use pointlock_msm::Backend;
use std::time::Instant;
fn main(){
    static T: Tag=Tag::new("x");
    let n:u32=std::env::args().nth(1).unwrap().parse().unwrap();
    let b=if std::env::args().nth(2).unwrap()=="ifma" {Backend::ifma().unwrap()} else {Backend::PORTABLE};
    let cases:Vec<_>=(0..n).map(|i|{ let f=|s:&str|T.hash(&[s.as_bytes(),&i.to_be_bytes()]); let k=Keypair::new(SecretScalar::from_hash(&f("k")).unwrap()); let t=SecretScalar::from_hash(&f("t")).unwrap(); let m=f("m"); let tp=t.to_point(); let ps=pre_sign(&k,&m,&tp,&[0;32]).unwrap(); (k.x_only_public_key(),m,tp,ps,ps.adapt(&t))}).collect();
    let items:Vec<BatchItem>=cases.iter().map(|(public_key,message,lock_point,pre_signature,_)|BatchItem::PreSignature{public_key,message,lock_point,pre_signature}).collect();
    let reps=1000000/n;
    let mut v:Vec<f64>=(0..reps).map(|_|{let t=Instant::now(); verify_batch_on(b,&items).unwrap(); t.elapsed().as_secs_f64()*1e6/n as f64}).collect();v.sort_by(f64::total_cmp);
    println!("min {:.3} p10 {:.3} median {:.3}",v[0],v[v.len()/10],v[v.len()/2]);
}
