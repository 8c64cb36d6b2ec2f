"""Make the README's picture: the stored curves of NaCl, photographed in a browser.

    python docs/picture.py

needs the extras ``notebooks`` and ``dev``, and Chromium.
"""

import os
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

import mlxc_edu as mx

METHODS = ["PBE", "B3LYP", "EDU26", "DM21", "exact"]


def main():
    table = mx.stored("NaCl")
    shown = table[table["method"].isin(METHODS) & (table["r"] > 2)]
    far = shown[shown["r"] == shown["r"].max()].set_index("method")
    print(far[["charge_Na", "relative_kcal"]].round(2).to_string())

    fig = mx.plot(shown)
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
