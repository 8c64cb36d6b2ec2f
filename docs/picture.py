"""Make the README's picture: the flagship scan, computed here, photographed in a browser.

    python docs/picture.py

needs the extras ``notebooks`` and ``dev``, Chromium, and about five minutes on two cores.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

import mlxc_edu as mx

METHODS = ["LDA", "PBE", "B3LYP", "CAM-B3LYP", "HF", "exact"]


def main():
    began = time.perf_counter()
    table = mx.dissociation("NaCl", METHODS, np.linspace(1.6, 20, 25))
    print(f"scan: {time.perf_counter() - began:.0f} s, all converged: {table['converged'].all()}")
    far = table[table["r"] == table["r"].max()].set_index("method")
    cost = table.groupby("method")["seconds"].sum().rename("seconds, 25 points")
    print(far[["charge_Na", "relative_kcal"]].join(cost).round(3).to_string())

    fig = mx.plot(table)
    fig.update_layout(width=860, height=560, margin=dict(l=70, r=20, t=20, b=55))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        html = Path(folder) / "figure.html"
        fig.write_html(html, include_plotlyjs=True, config={"displayModeBar": False})
        chromium = os.environ.get("MLXC_EDU_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 880, "height": 580}, device_scale_factor=2)
        page.goto(html.as_uri())
        page.wait_for_selector(".legend")
        page.locator(".js-plotly-plot").screenshot(path=Path(__file__).with_name("nacl.png"))


if __name__ == "__main__":
    main()
