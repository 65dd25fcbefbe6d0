//! What every verb costs: compute units by where they go, and the bytes of its transaction: `scripts/bench cu`.
//!
//! Counted by the SVM with the features of mainnet, so the numbers are the same on every machine. They are those of this
//! bytecode: another compiler makes others.
use crate::world::{COIN, DELAY, FUNDS, LENGTH, PERIOD, Person, Receipt, World, papers, plan};
use serde_json::{Value, json};
use solana_instruction::Instruction;
use williw_core::hash::keccak;
use williw_core::statement::RewardRoot;
use williw_program::rules::terms::PoolTerms;

/// What the syscall costs that finds out who signed.
const RECOVERY_UNITS: u64 = 25_000;

/// Where the units of one transaction went.
#[derive(Default)]
struct Spent {
    /// In the token program.
    tokens: u64,
    /// In the program, called by itself to tell what happened.
    telling: u64,
}

/// What other programs consumed inside of it, as the runtime logs it.
fn spent(receipt: &Receipt) -> Spent {
    let (mut spent, mut depth) = (Spent::default(), 0_u32);
    for line in &receipt.logs {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["Program", _, "invoke", _] => depth += 1,
            ["Program", _, "success"] => depth -= 1,
            ["Program", program, "consumed", units, ..] if depth > 1 => {
                let units: u64 = units.parse().unwrap();
                let ours = program == williw_program::ID.to_string();
                *(if ours { &mut spent.telling } else { &mut spent.tokens }) += units;
            }
            _ => {}
        }
    }
    spent
}

#[derive(Default)]
struct Rows(Vec<Value>);

impl Rows {
    fn row(&mut self, name: &str, value: u64, unit: &str, floor: Option<u64>) {
        let ratio = floor.map(|floor| (value as f64 / floor as f64 * 1_000.0).round() / 1_000.0);
        self.0.push(json!({
            "name": name, "value": value, "unit": unit, "floor": floor, "ratio": ratio, "peers": {},
        }));
    }

    /// The rows of a verb. The floor of one that finds out who signed is what that and its transfer cost; next to nothing has
    /// to be spent by the others, so they have none.
    fn verb(&mut self, name: &str, receipt: &Receipt, recoveries: u64) {
        let spent = spent(receipt);
        let unavoidable = spent.tokens + recoveries * RECOVERY_UNITS;
        self.row(name, receipt.units, "CU", (recoveries != 0).then_some(unavoidable));
        for (part, units) in
            [("token program", spent.tokens), ("recoveries", recoveries * RECOVERY_UNITS), ("telling", spent.telling)]
        {
            if units != 0 {
                self.row(&format!("{name}: {part}"), units, "CU", None);
            }
        }
        let rest = receipt.units - unavoidable - spent.telling;
        self.row(&format!("{name}: everything else"), rest, "CU", None);
        self.row(&format!("{name}: transaction"), receipt.bytes as u64, "bytes", None);
    }
}

#[test]
#[ignore = "a measurement, not a test: scripts/bench cu"]
fn rows() {
    let mut rows = Rows::default();
    beginning(&mut rows);
    staking(&mut rows);
    punishment(&mut rows);
    rewards(&mut rows);
    governing(&mut rows);
    println!("{}", json!({ "rows": rows.0 }));
}

fn beginning(rows: &mut Rows) {
    let mut world = World::bare();
    let initialize = world.site.initialize(plan());
    rows.verb("initialize", &world.must(initialize), 0);
}

fn staking(rows: &mut Rows) {
    let mut world = World::new();
    let alice = world.person("alice");
    rows.verb("register", &world.register(&alice, 5_000 * COIN), 1);
    world.next_cycle();
    rows.verb("stake, first of a cycle", &world.stake(&alice, 100 * COIN), 0);
    rows.verb("stake, again", &world.stake(&alice, 100 * COIN), 0);
    let unstake = world.site.unstake(alice.wallet, 10 * COIN);
    rows.verb("unstake", &world.must(unstake), 0);
    rows.verb("restake", &world.must(world.site.restake(alice.wallet, 0)), 0);
    for _ in 0..8 {
        world.unstake(&alice, COIN);
    }
    world.skip(PERIOD);
    rows.verb("withdraw", &world.must(world.site.withdraw(alice.wallet, 1)), 0);
    rows.verb("withdraw, seven entries", &world.must(world.site.withdraw(alice.wallet, 7)), 0);
    rows.verb("rotate", &world.rotate(&alice, alice.signer.address(), &alice.key("second"), 2), 1);
}

fn punishment(rows: &mut Rows) {
    for (name, entries) in [("slash, empty queue", 0), ("slash, eight entries queued", 8)] {
        let mut world = World::new();
        let (alice, bob) = (world.person("alice"), world.person("bob"));
        world.register(&alice, 5_000 * COIN);
        for _ in 0..entries {
            world.unstake(&alice, COIN);
        }
        let evidence = world.evidence(&alice.signer, world.cycle()).encode().to_vec();
        let slash = world.site.slash(alice.signer.address(), alice.wallet, evidence, bob.wallet);
        rows.verb(name, &world.must(slash), 2);
        if entries == 0 {
            rows.verb("collect", &world.must(world.site.collect(bob.wallet)), 0);
            world.skip(PERIOD);
            rows.verb("unjail", &world.unjail(&alice, &alice.key("second"), 2), 1);
        }
    }
}

fn rewards(rows: &mut Rows) {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    rows.verb("fund", &world.fund(FUNDS), 0);
    let (tree, proof) = papers::entitle(alice.wallet, 10 * COIN, 20);
    let root = RewardRoot { root: tree, ..papers::root("", 10 * COIN) };
    let past = world.past();
    let first = world.vote(past, &root, &[&carol]);
    rows.verb("vote, one signature, first for its root", &first, 1);
    let second = world.vote(past, &root, &[&carol]);
    rows.verb("vote, one signature, counted before", &second, 1);
    rows.verb("vote, two signatures, and post root", &world.vote(past, &root, &[&alice, &bob]), 2);
    world.skip(DELAY);
    let claim = world.site.claim(alice.wallet, alice.wallet, (10 * COIN).into(), &proof);
    rows.verb("claim, first", &world.must(claim.clone()), 0);
    rows.verb("claim, nothing to claim", &world.must(claim), 0);

    world.next_cycle();
    let proof = world.pay(&alice, 20 * COIN, &[&alice, &bob]);
    let claim = world.site.claim(alice.wallet, alice.wallet, (20 * COIN).into(), &proof);
    rows.verb("claim, again", &world.must(claim), 0);

    signatures(rows);
    world.next_cycle();
    let root = RewardRoot { root: keccak(&[b"vetoed"]), ..papers::root("", 30 * COIN) };
    world.post(&root, &[&alice, &bob]);
    let guardian = world.wallet("guardian");
    rows.verb("veto", &world.must(world.site.veto(guardian)), 0);

    let pay_to = world.person("recipient");
    rows.verb("set_recipient", &world.must(world.site.set_recipient(alice.wallet, pay_to.wallet)), 0);
    rows.verb("confirm_recipient", &world.must(world.site.confirm_recipient(pay_to.wallet, alice.wallet)), 0);
    world.skip(LENGTH);
    let root = RewardRoot { root: tree, ..papers::root("", 10 * COIN) };
    rows.verb("close_tally", &world.must(world.site.close_tally(past, &root, world.site.payer)), 0);
}

/// What each further signature adds: half of what three cost more than one, where no number of them is enough to post.
fn signatures(rows: &mut Rows) {
    let (mut world, [alice, bob, carol]) = World::with_pool();
    let (governor, plan) = (world.wallet("governor"), plan());
    let terms = PoolTerms { min_quorum: plan.pool_bounds.most.min_quorum, ..plan.pool };
    world.must(world.site.propose_pool(governor, terms));
    world.skip(PERIOD);
    world.must(world.site.apply_pool());
    world.next_cycle();
    let root = papers::root("never posted", 0);
    let vote = |voters: &[&Person]| {
        let mut world = world.clone();
        world.post(&root, voters)
    };
    let (one, three) = (vote(&[&alice]), vote(&[&alice, &bob, &carol]));
    let [units, bytes] = [(three.units - one.units) / 2, ((three.bytes - one.bytes) / 2) as u64];
    rows.row("vote, each further signature", units, "CU", Some(RECOVERY_UNITS));
    rows.row("vote, each further signature: transaction", bytes, "bytes", None);
}

fn governing(rows: &mut Rows) {
    let mut world = World::new();
    let (governor, next) = (world.wallet("governor"), world.wallet("next governor"));
    let plan = plan();
    let calls: [(&str, Instruction); 4] = [
        ("set_paused", world.site.set_paused(governor, true)),
        ("set_guardian", world.site.set_guardian(governor, next)),
        ("propose_vault", world.site.propose_vault(governor, plan.vault)),
        ("propose_pool", world.site.propose_pool(governor, plan.pool)),
    ];
    for (name, call) in calls {
        rows.verb(name, &world.must(call), 0);
    }
    world.skip(PERIOD);
    rows.verb("apply_vault", &world.must(world.site.apply_vault()), 0);
    rows.verb("apply_pool", &world.must(world.site.apply_pool()), 0);
    rows.verb("offer_governor", &world.must(world.site.offer_governor(governor, next)), 0);
    rows.verb("accept_governor", &world.must(world.site.accept_governor(next)), 0);
}
