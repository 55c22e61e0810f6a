#![allow(missing_docs, clippy::unwrap_used)]
use pointlock_msm::*;
use secp256k1::{Secp256k1, SecretKey, PublicKey, rand};
use std::time::Instant;
fn main(){
    let secp=Secp256k1::new(); let mut rng=rand::thread_rng();
    let pts:Vec<(SecretKey,PublicKey)>=(0..4096).map(|_|secp.generate_keypair(&mut rng)).collect();
    let conv=|p:&PublicKey|{let u=p.serialize_uncompressed(); Affine::from_coordinates(u[1..33].try_into().unwrap(),u[33..].try_into().unwrap()).unwrap()};
    let aff:Vec<Affine>=pts.iter().map(|p|conv(&p.1)).collect();
    // correctness
    for n in [1usize,2,5,30,100] {
        let ks:Vec<SecretKey>=(0..n).map(|_|SecretKey::new(&mut rng)).collect();
        let terms:Vec<Term>=(0..n).map(|i|Term::new(aff[i],&Scalar::from_bytes(&ks[i].secret_bytes()).unwrap())).collect();
        let exp:Vec<PublicKey>=(0..n).map(|i|pts[i].1.mul_tweak(&secp,&ks[i].into()).unwrap()).collect();
        let refs:Vec<&PublicKey>=exp.iter().collect();
        let e=conv(&PublicKey::combine_keys(&refs).unwrap());
        for b in [Some(Backend::PORTABLE),Backend::ifma()].into_iter().flatten(){ assert_eq!(multiply_sum(b,&terms).to_affine(),e,"{n} {b:?}"); }
        let g=double_multiply(&Scalar::from_bytes(&ks[0].secret_bytes()).unwrap(), &Scalar::from_bytes(&pts[1].0.secret_bytes()).unwrap(), &aff[0]);
        let x=ks[0].public_key(&secp).combine(&pts[0].1.mul_tweak(&secp,&pts[1].0.into()).unwrap()).unwrap();
        assert_eq!(g.to_affine(),conv(&x));
    }
    println!("correct");
    let kp=secp256k1::Keypair::from_secret_key(&secp,&pts[0].0);
    let msg=secp256k1::Message::from_digest([3;32]);
    let sig=secp.sign_schnorr_no_aux_rand(&msg,&kp); let xo=kp.x_only_public_key().0;
    let s1=Scalar::from_bytes(&pts[5].0.secret_bytes()).unwrap(); let s2=Scalar::from_bytes(&pts[6].0.secret_bytes()).unwrap();
    let encs:Vec<([u8;32],bool)>=pts.iter().map(|p|(p.1.x_only_public_key().0.serialize(),true)).collect();
    let terms:Vec<Term>=(0..4096).flat_map(|i|[Term::new(aff[i],&Scalar::from_bytes(&pts[(i+7)%4096].0.secret_bytes()).unwrap()), Term::short(aff[(i+1)%4096], u128::from_le_bytes(pts[i].0.secret_bytes()[..16].try_into().unwrap()),false)]).collect();
    for _ in 0..3 {
        let t=Instant::now(); for _ in 0..2000 { secp.verify_schnorr(&sig,&msg,&xo).unwrap(); } let base=t.elapsed().as_secs_f64()/2000.*1e6;
        let t=Instant::now(); for _ in 0..2000 { std::hint::black_box(double_multiply(&s1,&s2,std::hint::black_box(&aff[3])).to_affine()); } let dm=t.elapsed().as_secs_f64()/2000.*1e6;
        let t=Instant::now(); std::hint::black_box(Backend::PORTABLE.decompress(&encs)); let de=t.elapsed().as_secs_f64()/4096.*1e6;
        println!("verify {base:.2} us  dm {dm:.2} ({:.3})  decompress {de:.3} ({:.3})",dm/base,de/base);
        for n in [16usize,64,483,4096] { for b in [Some(Backend::PORTABLE),Backend::ifma()].into_iter().flatten(){
            let reps=20000/n+1;
            let t=Instant::now(); for _ in 0..reps { std::hint::black_box(multiply_sum(b,&terms[..2*n])); } let m=t.elapsed().as_secs_f64()/(reps*n) as f64*1e6;
            print!(" {n}/{} {m:.2} ({:.3})",b.name(),m/base);
        }}
        if let Some(b)=Backend::ifma(){ let t=Instant::now(); std::hint::black_box(b.decompress(&encs)); let de=t.elapsed().as_secs_f64()/4096.*1e6; print!(" ifma decompress {de:.3} ({:.3})",de/base);}
        println!();
    }
}
