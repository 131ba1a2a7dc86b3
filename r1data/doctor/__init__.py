"""What `r1data doctor` looks at: whether this machine has what a run needs, and what to do where it has not."""

from r1data.doctor.examination import CHECKS, examine
from r1data.doctor.finding import Finding, Status

__all__ = ["CHECKS", "Finding", "Status", "examine"]
