"""Pictures of learning.  ``plots`` holds what is drawn with matplotlib; it loads when something is drawn."""
