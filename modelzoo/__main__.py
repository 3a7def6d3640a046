"""`python -m modelzoo`: the library's command line."""

from modelzoo.cli import app

if __name__ == "__main__":
    app(prog_name="python -m modelzoo")
