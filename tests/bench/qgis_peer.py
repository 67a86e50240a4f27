#!/usr/bin/env python3
"""Draws a city with QGIS, off screen, and prints the milliseconds as JSON: the peer of the map's benchmark.

usage: QT_QPA_PLATFORM=offscreen python3 qgis_peer.py CITY.gpkg WIDTH HEIGHT LON LAT WIDTH_M...

Each WIDTH_M is the ground width of a view around LON, LAT; 0 is everything. Needs the packages qgis and python3-qgis.
"""
import json
import os
import statistics
import sys
import time

START = time.perf_counter()
from qgis.core import QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsRectangle, QgsVectorLayer  # noqa: E402
from qgis.PyQt.QtCore import QSize  # noqa: E402

METRES_PER_DEGREE = 96_700.0


def ms_since(start):
    return round((time.perf_counter() - start) * 1000, 1)


def main():
    path, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    lon, lat = float(sys.argv[4]), float(sys.argv[5])
    app = QgsApplication([], False)
    app.initQgis()
    layers = [QgsVectorLayer(f"{path}|layername={name}", name, "ogr") for name in ("components", "pipes", "buildings")]
    assert all(layer.isValid() for layer in layers), path
    everything = QgsRectangle(layers[0].extent())
    for layer in layers[1:]:
        everything.combineExtentWith(layer.extent())
    result = {"draw_ms": {}}
    for width_m in map(float, sys.argv[6:]):
        settings = QgsMapSettings()
        settings.setLayers(layers)
        settings.setOutputSize(QSize(width, height))
        settings.setDestinationCrs(layers[0].crs())
        half = width_m / METRES_PER_DEGREE / 2
        view = QgsRectangle(lon - half, lat - half, lon + half, lat + half)
        settings.setExtent(view if width_m else everything)
        times = []
        for _ in range(5 if width_m else 3):
            began = time.perf_counter()
            job = QgsMapRendererParallelJob(settings)
            job.start()
            job.waitForFinished()
            times.append(ms_since(began))
            if len(times) == 1 and "first_map_ms" not in result:
                result["first_map_ms"] = ms_since(START)
        result["draw_ms"][f"{width_m:.0f}"] = statistics.median(times)
    status = open("/proc/self/status", encoding="utf-8").read()
    result["resident_mb"] = int(status.split("VmRSS:")[1].split()[0]) / 1024
    print(json.dumps(result), flush=True)
    # QGIS may crash when it is taken down without a window.
    os._exit(0)


main()
