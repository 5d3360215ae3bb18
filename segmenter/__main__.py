"""`python -m segmenter`: the command line."""

from segmenter.cli import main

if __name__ == "__main__":
    main()
