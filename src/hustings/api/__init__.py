"""Routes, one file per subject: requests into calls, values into JSON, errors into status codes. Never a rule."""
