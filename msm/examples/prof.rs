#![allow(missing_docs, clippy::unwrap_used)]
use pointlock_msm::*;
fn main(){
    let n:usize=std::env::args().nth(1).unwrap().parse().unwrap();
    let b=Backend::ifma().unwrap();
    let mut p=Affine::GENERATOR; let mut v=vec![];
    let mut h=[7u8;32];
    for i in 0..n { p=double_multiply(&Scalar::from(i as u128+3),&Scalar::from(77777),&p).to_affine(); v.push(p); }
    let mut terms=vec![];
    for i in 0..n { for j in 0..32 { h[j]=h[j].wrapping_mul(167).wrapping_add((i as u8)^(j as u8)).rotate_left(3).wrapping_add(h[(j+1)%32]); } terms.push(Term::new(v[i],&Scalar::from_hash(&h))); terms.push(Term::short(v[n-1-i],u128::from_le_bytes(h[3..19].try_into().unwrap())|1<<127,false)); }
    let reps=1500000/n;
    let mut ts:Vec<f64>=(0..reps).map(|_|{let t=std::time::Instant::now(); std::hint::black_box(multiply_sum(b,&terms)); t.elapsed().as_secs_f64()*1e6/n as f64}).collect();
    ts.sort_by(f64::total_cmp);
    println!("min {:.3} p10 {:.3} median {:.3} us", ts[0],ts[ts.len()/10],ts[ts.len()/2]);
}
