"""Formulas look as their LaTeX says, in browsers that know MathML Core only."""

import browsing
import bs4  # comes with nbconvert
import nbformat
import pytest

from mlxc_edu.cli._notebooks import notebooks_folder
from mlxc_edu.figures._formulas import MATH, STYLE, with_formulas


def parsed(latex, block=False):
    return bs4.BeautifulSoup(
        with_formulas(f"$${latex}$$" if block else f"${latex}$"), "html.parser"
    )


@pytest.mark.parametrize(
    ("latex", "shown"),
    [
        (r"\mathbf r", "𝐫"),
        (r"\mathbf{r}'", "𝐫′"),
        (r"{\bf F}_{12}", "𝐅12"),
        (r"\mathbf{12}", "𝟏𝟐"),
        (r"\mathbf\Gamma", "𝚪"),
        (r"\boldsymbol\alpha\boldsymbol{r}", "𝜶𝒓"),
        (r"\mathsf T{\sf T}", "𝖳𝖳"),
        (r"\mathbb R", "ℝ"),
    ],
)
def test_fonts_are_letters(latex, shown):
    page = parsed(latex)
    assert page.text == shown
    assert not page.select("[mathvariant]")


@pytest.mark.parametrize("latex", [r"\mathrm d", r"\mathrm{d}", r"{\rm d}", r"\mathrm{xc}"])
def test_upright(latex):
    """A single letter is italic unless it is said to be normal."""
    letters = parsed(latex).select("mi")
    assert letters and all(m["mathvariant"] == "normal" for m in letters)
    assert not parsed("d").mi.has_attr("mathvariant")
    assert parsed(r"\text{if }").mtext.text == "if\xa0"


@pytest.mark.parametrize(
    ("latex", "grow"),
    [
        (r"\left(\frac12\right)", True),
        (r"f\left|\frac12\right|", True),
        (r"\left\langle x\right\rangle", True),
        (r"y\big(x\big)", True),
        (r"y\Bigl|x\Bigr|z", True),
        (r"\frac ab\Big|_{r=0}", True),
        (r"2\binom nk", True),
        (r"A=\begin{vmatrix}a&b\\c&d\end{vmatrix}", True),
        (r"A=\begin{cases}a&b\\c&d\end{cases}", True),
        (r"\sum_i|x_i|^2", False),
        (r"\sum_i\lvert\frac12\rvert^2", False),
        (r"(\frac12)[n]", False),
    ],
)
def test_brackets_grow_where_they_are_asked_to(latex, grow):
    fences = [mo for mo in parsed(latex).select("mo") if mo.text in "()[]{|⟨⟩" and mo.text]
    assert fences and {mo.get("stretchy") for mo in fences} == {"true" if grow else "false"}


def test_a_large_bar_alone_has_a_row_to_grow_in():
    """As the base itself it keeps its size in Chromium."""
    assert parsed(r"\frac ab\Big|_{r=0}").select("msub > mrow:first-child > mo[minsize]")


def test_bars_signs_and_functions_keep_their_distance():
    assert {mo["lspace"] for mo in parsed("a|b|/c").select("mo")} == {"0em"}
    signs = parsed(r"=-I, (-1) -|x| - x' - 2").select("mo")
    assert [mo.get("form") for mo in signs if mo.text == "−"] == ["prefix"] * 2 + [None] * 3
    for latex, spaces in ((r"\cos\theta", 1), (r"\cosh x", 1), (r"\cos(x)", 0), (r"\ln\big(x", 0)):
        assert len(parsed(latex).select("mspace")) == spaces, latex


def test_cells_stand_on_their_side():
    cells = parsed(r"\begin{cases}a&b\\c&d\end{cases}").select("mtd")
    assert [c["style"] for c in cells] == ["text-align:left"] * 4


def test_punctuation_stays_with_its_formula():
    page = bs4.BeautifulSoup(with_formulas("at ($q$), $r$ and $x$-axis: $$E.$$"), "html.parser")
    assert [span.text for span in page.select("span")] == ["(q),", "x-"]
    assert all(span["style"] == "white-space:nowrap" for span in page.select("span"))
    assert len(page.select("math")) == 4


def test_markdown_finds_nothing_of_its_own():
    html = with_formulas(r"$a*b*c$ | $[x](y)$ | $\text{a<b & c_d_e}$")
    assert html.count("|") == 2 and not set("*_[]") & set(html)
    assert bs4.BeautifulSoup(html, "html.parser").select("mtext")[0].text == "a<b\xa0&\xa0c_d_e"


@pytest.mark.parametrize("path", sorted(notebooks_folder().glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_formula_of_the_notebooks_is_understood(path):
    cells = nbformat.read(path, as_version=4).cells
    for match in MATH.finditer("\n\n".join(c.source for c in cells if c.cell_type == "markdown")):
        page = bs4.BeautifulSoup(with_formulas(match[0]), "html.parser")
        assert "\\" not in page.text, match[0]
        assert {m["mathvariant"] for m in page.select("[mathvariant]")} <= {"normal"}, match[0]


@pytest.fixture(scope="module")
def browser():
    with browsing.browser() as chromium:
        yield chromium


def boxes(page, selector):
    return page.eval_on_selector_all(selector, "all => all.map(e => e.getBoundingClientRect())")


@pytest.mark.browser
def test_lines_do_not_begin_with_a_comma(browser):
    page = browsing.new_page(browser)
    text = with_formulas("word ($q$), " * 40)
    page.set_content("".join(f'<p style="width:{w}px">{text}</p>' for w in range(60, 100, 4)))
    tops = page.eval_on_selector_all(
        "span",
        """spans => spans.map(s => {
            const range = document.createRange();
            range.selectNodeContents(s.lastChild);
            return [range.getBoundingClientRect().top, s.getBoundingClientRect().height];
        })""",
    )
    assert len(tops) == 400
    one_line = min(height for _, height in tops)
    assert all(height < 1.5 * one_line for _, height in tops)


@pytest.mark.browser
def test_brackets_grow_on_the_screen(browser):
    page = browsing.new_page(browser)
    tall = "<mfrac><mfrac><mi>a</mi><mi>b</mi></mfrac><mfrac><mi>a</mi><mi>b</mi></mfrac></mfrac>"
    control = f'<math id="control"><mo>(</mo>{tall}<mo>)</mo></math>'
    frac = r"\frac{\frac ab}{\frac ab}"
    formulas = {
        "left": rf"y\left|{frac}\right|",
        "bar": rf"{frac}\Big|_0",
        "matrix": r"A=\begin{vmatrix}a\\b\end{vmatrix}",
        "plain": rf"y|{frac}|",
    }
    shown = [f'<p id="{name}">{with_formulas(f"$${f}$$")}</p>' for name, f in formulas.items()]
    page.set_content(
        f"<style>{STYLE}</style><p><math><mo>(</mo></math></p>{control}" + "".join(shown)
    )
    (plain,) = boxes(page, "#plain mo:last-of-type")[-1:]
    if boxes(page, "#control mo")[0]["height"] < 1.5 * boxes(page, "p math mo")[0]["height"]:
        pytest.skip("no font here in which brackets grow")
    for name in ("left", "bar", "matrix"):
        grown = max(box["height"] for box in boxes(page, f"#{name} mo"))
        assert grown > 1.3 * plain["height"], name
