"""Write what students get, notebooks/exercises/, from the sources that lie here."""

from pathlib import Path

from mlxc_edu.course import release

HERE = Path(__file__).parent

if __name__ == "__main__":
    exercises = HERE.parent / "notebooks" / "exercises"
    exercises.mkdir(exist_ok=True)
    for source in sorted(HERE.glob("[0-9]*.ipynb")):
        print(release(source, exercises))
