"""The encrypted DVC remote ``tdsec://NAME``: age objects under keyed names, refused without a verdict."""
