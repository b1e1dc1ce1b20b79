"""The words between the loop and the process that builds."""

BUILD = "build"
PUBLISH = "build and publish"

# Answers: [BEGINS, what], [ENDS, what], and at last [FAILED, why] or [PASSED, {what was done: seconds}].
BEGINS = "begins"
ENDS = "ends"
FAILED = "failed"
PASSED = "passed"
