//! Where sewers end: treatment plants at their sites, outfalls along the shores.

use super::geography::Geography;
use super::network::Network;
use super::plane::{P, distance, sub, unit};
use super::sewer_layout::Sink;

/// Plants at their places, or one at the lowest street if none is in the part that is made.
pub(super) fn plants(ground: &Geography, network: &Network, links: &[bool], sites: &[P]) -> Vec<Sink> {
    let open: Vec<u32> = super::network::junctions(network)
        .filter(|&node| network.ends[node as usize].iter().any(|&link| links[link]))
        .collect();
    let mut sinks = Vec::new();
    for &site in sites {
        let far = |node: u32| distance(network.nodes[node as usize], site);
        if let Some(&node) = open.iter().min_by(|&&a, &&b| far(a).total_cmp(&far(b)))
            && far(node) < 900.0
        {
            sinks.push(Sink { node, at: beside(ground, network.nodes[node as usize], site) });
        }
    }
    if sinks.is_empty() {
        let height = |node: u32| ground.ground_m(network.nodes[node as usize]);
        let lowest = open.iter().copied().min_by(|&a, &b| height(a).total_cmp(&height(b)));
        sinks.extend(lowest.map(|node| {
            let at = network.nodes[node as usize];
            Sink { node, at: [at[0] + 18.0, at[1] + 14.0] }
        }));
    }
    sinks
}

/// A place 40 m from the street towards a site, on land.
fn beside(ground: &Geography, from: P, site: P) -> P {
    let ahead = unit(sub(site, from));
    let candidates = [40.0, 25.0, 12.0].map(|far| super::plane::along(from, ahead, far));
    let dry = |at: &P| ground.cover_at(*at) & super::geography::WATER == 0;
    candidates.into_iter().find(dry).unwrap_or(candidates[2])
}

/// Street nodes near the water, some distance apart, with the point of the shore where each lets its water out.
pub(super) fn outfalls(ground: &Geography, network: &Network, links: &[bool]) -> Vec<Sink> {
    let mut near: Vec<(f64, u32)> = super::network::junctions(network)
        .filter(|&node| network.ends[node as usize].iter().any(|&link| links[link]))
        .map(|node| (f64::from(ground.to_water.between(network.nodes[node as usize])), node))
        .filter(|&(far, _)| far < 150.0)
        .collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut sinks: Vec<Sink> = Vec::new();
    for (_, node) in near {
        let at = network.nodes[node as usize];
        let apart = sinks.iter().all(|sink| distance(network.nodes[sink.node as usize], at) > 620.0);
        if apart && let Some(shore) = shore(ground, at) {
            sinks.push(Sink { node, at: shore });
        }
    }
    sinks
}

/// The nearest point of a shore within 160 m.
fn shore(ground: &Geography, at: P) -> Option<P> {
    let mut best = (160.0, None);
    for water in &ground.waters {
        for (place, &from) in water.ring.iter().enumerate() {
            let on = super::plane::nearest_on(from, water.ring[(place + 1) % water.ring.len()], at);
            let far = distance(on, at);
            if far < best.0 && far > 6.0 {
                best = (far, Some(on));
            }
        }
    }
    best.1
}
