"""The words between the loop and the process that builds."""

BUILD = "build"
PUBLISH = "build and publish"

BEGINS = "begins"
ENDS = "ends"
ENDED = "ended"
