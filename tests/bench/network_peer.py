#!/usr/bin/env python3
"""Builds the sewer network of a city with networkx and with igraph and prints the milliseconds as JSON: the peers of the
sewers' benchmark.

usage: python3 network_peer.py CITY.gpkg OUTLET

The graph is built from the columns from_node and to_node of the pipes; OUTLET is the code of a node. A library that is
not installed is left out (pip install networkx igraph).
"""
import json
import sqlite3
import sys
import time

RUNS = 3


def best_ms(run):
    """Milliseconds of the fastest of some runs; what takes long runs once."""
    best = None
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        took = (time.perf_counter() - start) * 1000
        best = took if best is None else min(best, took)
        if best > 2000:
            break
    return round(best, 3)


def ends_of(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as city:
        return city.execute("SELECT from_node, to_node FROM sewer_pipe").fetchall()


def with_networkx(path, outlet):
    import networkx

    def build():
        return networkx.DiGraph(ends_of(path))

    graph = build()
    return {
        "build_ms": best_ms(build),
        "upstream_ms": best_ms(lambda: networkx.ancestors(graph, outlet)),
        "order_ms": best_ms(lambda: list(networkx.strongly_connected_components(graph))),
        "upstream": len(networkx.ancestors(graph, outlet)) + 1,
    }


def with_igraph(path, outlet):
    import igraph

    def build():
        return igraph.Graph.TupleList(ends_of(path), directed=True)

    graph = build()
    root = graph.vs.find(name=outlet).index
    return {
        "build_ms": best_ms(build),
        "upstream_ms": best_ms(lambda: graph.subcomponent(root, mode="in")),
        "order_ms": best_ms(lambda: graph.connected_components(mode="strong")),
        "upstream": len(graph.subcomponent(root, mode="in")),
    }


def main():
    path, outlet = sys.argv[1:3]
    answer = {}
    for name, measure in (("networkx", with_networkx), ("igraph", with_igraph)):
        try:
            answer[name] = measure(path, outlet)
        except ImportError:
            pass
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
