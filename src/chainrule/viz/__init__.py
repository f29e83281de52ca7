"""Pictures of learning, drawn with matplotlib, which loads when something is drawn: ``canvas``, ``plots``."""
