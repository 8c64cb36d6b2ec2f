"""What each explorer is about, three things to try, and what they mean."""

from __future__ import annotations

from typing import NamedTuple


class Guide(NamedTuple):
    """Plain sentences: ``about`` what is seen, what to ``try``, and what it ``means``."""

    title: str
    about: str
    tries: tuple[str, str, str]
    means: str


GUIDES = {
    "dissociation": Guide(
        "Pull a molecule apart",
        "A salt's molecule is two ions that hold on to each other; far apart there are two atoms. "
        "Choose a diatomic and tick the methods that you want to compare. The upper curve is a "
        "method's energy above that of its own free atoms; the lower one is the charge on the "
        "first atom. The slider moves the distance, and the numbers beside it are those of the "
        "nearest point that is known. What is drawn at once was computed before and comes with the "
        "library; below the figure stands where from. Molecules of up to four electrons are "
        "computed as you ask; for others the buttons below the slider compute what is missing. "
        "“exact” is full configuration interaction where that can be afforded, else coupled "
        "cluster. A point that did not converge is crossed. The density, of the electrons or of "
        "their spin, can be turned with the mouse. Nothing that was computed is lost.",
        (
            "NaCl: before you move the slider to 12 Å, say what charge sodium should have there. "
            "Then look at each method's.",
            "H2: which curves end at zero, as they should, and which ends highest?",
            "LiF: tick EDU26 and PBE alone, and compare both panels from 5 Å on.",
        ),
        "A fraction of an electron on an atom that is far from any other is an error of the "
        "functional: its energy is not linear in a fractional number of electrons. The explorer of "
        "fractional charges shows that curve.",
    ),
    "fractional-charge": Guide(
        "Parts of an electron",
        "An atom that shares an electron with something far away holds a part of one, on average. "
        "Its exact energy is then a straight line between whole numbers of electrons. Choose an "
        "atom or a molecule and tick methods. The upper curve is the energy; the lower one is its "
        "height over the same method's own straight line. Dotted are those lines. Where the curve "
        "sags, fractions cost too little; where it bulges, too much. The slider moves the number "
        "of electrons, a hundredth at a time. The table beside it says the highest occupied "
        "orbital's energy, which an exact functional keeps constant from one whole number to the "
        "next. An open mark says that the last electron is not bound. Each point is computed when "
        "it is asked for.",
        (
            "Cl: at half an electron more, which method sags most, and which bulges?",
            "H: go from 0 to 1 with Hartree–Fock. Why is it a straight line there, and not from 1 "
            "to 2?",
            "Show the change from the whole system: where does the part of an electron sit?",
        ),
        "Two atoms far apart share an electron as their two curves together lie lowest. If both "
        "sag, that is at a fraction: the error that the dissociation of NaCl shows.",
    ),
    "functional": Guide(
        "Inside a learned functional",
        "A functional turns the density into an energy, point by point. A learned one has a "
        "network for it. Here you see what it is told at each point of a bond, and what it "
        "answers. Choose a molecule, a distance, and whose density the network is asked about. The "
        "upper panel shows the densities of both spins along the bond. The middle one shows the "
        "network's answers: factors that multiply energies that are known already. The lower one "
        "is the functional's energy per volume. The slider, or a click on a curve, moves a point. "
        "The table lists the eleven features of the density at that point. The network knows "
        "nothing else of the molecule.",
        (
            "H2: where along the bond do the answers change most?",
            "H2+: there is one electron. Which of the ingredients would be exact?",
            "LiF: pull it to twice its length. Which features tell the two atoms apart?",
        ),
        "All that such a functional can know of a distant atom must be in these eleven numbers. "
        "Where they are equal, its answer is.",
    ),
    "line": Guide(
        "A world with one dimension",
        "On a line the exact wavefunction of two electrons can be computed while you wait. Two "
        "nuclei attract; their attraction is softened so that electrons may pass. Move the nuclei "
        "and change their charges with the sliders. The upper panel shows the density, the lower "
        "one the attraction. Tick a method to see its density beside the exact one. LDA is the "
        "local density approximation of this world; exact exchange leaves correlation out. The "
        "table says the energies. It also says how many electrons are on the left. The exact "
        "energy is the lowest that any wavefunction on this line has. Everything is computed anew "
        "with each move.",
        (
            "Two electrons, equal charges: pull the nuclei apart. What becomes of the gap between "
            "exact exchange and exact?",
            "Give the left nucleus a charge of 1.5 at distance 8: how many electrons are on the "
            "left with each method?",
            "One electron: which method has an error, and whom does that electron repel there?",
        ),
        "What goes wrong on this line goes wrong in molecules: pairs that a single determinant "
        "cannot part, and charges that a local functional divides.",
    ),
    "bonding": Guide(
        "What a bond moves",
        "The density of a molecule looks much like that of its atoms side by side. What the bond "
        "has moved is the difference between the two. Choose a molecule and what to show. One "
        "colour is where there are more electrons than in the free atoms. The other is where there "
        "are fewer. The atoms are made round and have no spin, so nothing points anywhere before "
        "there is a bond. The surfaces can be turned with the mouse. The line above them says the "
        "charges of the atoms. These come from intrinsic atomic orbitals. The density itself and "
        "that of the spins can be shown, too. A radical has a spin density, a closed shell none.",
        (
            "N2: where does the bond put electrons, and where does it take them from?",
            "NaCl beside F2: where did the electron go in either?",
            "H2O: find the lone pairs.",
        ),
        "A covalent bond gathers electrons between the atoms; an ionic one moves them from one to "
        "the other.",
    ),
    "scf": Guide(
        "Turn the circle by hand",
        "Kohn and Sham's equations ask for a potential that depends on their own solution. So one "
        "begins with a guess and goes round: potential, orbitals, density, potential. Here you "
        "turn that circle a step at a time, for electrons on a line. The share says how much of "
        "the new density is mixed into the old one. The upper panel shows the density and the one "
        "before. The potential and its levels are below. The energy's distance from the end is "
        "drawn on a logarithmic axis. Each step of a straight line there divides the error by the "
        "same number. “Optimal damping” chooses the share that lowers the energy most. “run” goes "
        "on until nothing changes, “reset” begins anew.",
        (
            "He with a share of 1: how many steps until the sixth digit stays?",
            "stretched salt with a share of 1: what happens? Find a share that settles it.",
            "The same with optimal damping: which shares does it choose?",
        ),
        "Not every problem that has a solution is solved by going round. What oscillates needs a "
        "smaller step, or somebody who looks at the energy.",
    ),
    "ladder": Guide(
        "The ladder of functionals",
        "Functionals are sorted by what they are told of the density. The lowest rung knows its "
        "value at a point, the next its slope, the third the kinetic energy, and hybrids some "
        "exchange of Hartree and Fock. Here each is judged by reaction energies that are known. "
        "Choose a set of reactions and tick functionals. The figure shows their errors, one mark a "
        "reaction. The table gives the mean and the largest. What is stored is shown at once. The "
        "rest is computed in the background, a molecule at a time, and can be cancelled. A basis "
        "that is too small adds an error of its own. The status line says which basis it is.",
        (
            "Does every rung do better than the one below, in every set?",
            "Find the reaction that is worst for PBE, and see who does better there.",
            "Tick HF: why is it so far off?",
        ),
        "A mean error says little of one reaction. Which functional is best depends on what is "
        "asked.",
    ),
}
