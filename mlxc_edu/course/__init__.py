"""Coursework: what a student gets, what is wrong with an answer, and a course for nbgrader."""

from ._build import build, release
from ._check import findings, prepared
from ._exercises import known_as, read, student_version
from ._grade import grade, report
