#![allow(missing_docs, clippy::unwrap_used)]
use pointlock::adaptor::schnorr::*;
use pointlock::curve::*;
use pointlock_msm::Backend;
use std::time::Instant;
fn main(){
    static T: Tag=Tag::new("x");
    let n=4096u32;
    let cases:Vec<_>=(0..n).map(|i|{ let f=|s:&str|T.hash(&[s.as_bytes(),&i.to_be_bytes()]); let k=Keypair::new(SecretScalar::from_hash(&f("k")).unwrap()); let t=SecretScalar::from_hash(&f("t")).unwrap(); let m=f("m"); let tp=t.to_point(); let ps=pre_sign(&k,&m,&tp,&[0;32]).unwrap(); (k.x_only_public_key(),m,tp,ps,ps.adapt(&t))}).collect();
    let items:Vec<BatchItem>=cases.iter().map(|(public_key,message,lock_point,pre_signature,_)|BatchItem::PreSignature{public_key,message,lock_point,pre_signature}).collect();
    let secp=secp256k1::Secp256k1::verification_only();
    let mut bk=vec![Backend::PORTABLE]; bk.extend(Backend::ifma());
    let med=|f:&mut dyn FnMut(),per:usize,reps:usize|{let mut v:Vec<f64>=(0..reps).map(|_|{let t=Instant::now();f();t.elapsed().as_secs_f64()*1e6/per as f64}).collect();v.sort_by(f64::total_cmp);v[v.len()/20]};
    for _ in 0..3 {
        let base=med(&mut||for c in &cases[..32]{secp.verify_schnorr(&c.4,&secp256k1::Message::from_digest(c.1),&c.0).unwrap()},32,61);
        let single=med(&mut||for c in &cases[..32]{c.3.verify(&c.0,&c.1,&c.2).unwrap()},32,61);
        print!("base {base:.2} single {single:.2} ({:.3})",single/base);
        for n in [16usize,64,483,4096] { for b in &bk { let m=med(&mut||verify_batch_on(*b,&items[..n]).unwrap(),n,(40000/n).min(101)); print!(" {n}/{} {:.3}",b.name(),m/base);} }
        for b in &bk { let m=med(&mut||assert!(verify_each_on(*b,&items[..483]).iter().all(Result::is_ok)),483,31); print!(" each/{} {:.3}",b.name(),m/base); }
        println!();
    }
    let mut bad=items.clone(); bad.swap(100,100); let other=cases[7].2; if let BatchItem::PreSignature{lock_point,..}=&mut bad[333]{*lock_point=&other;} if let BatchItem::PreSignature{lock_point,..}=&mut bad[4090]{*lock_point=&other;}
    println!("{:?}",verify_batch(&bad).unwrap_err().indices().collect::<Vec<_>>());
}
