"""Every SQL statement and the migrations. Gives values, takes values; nothing above it imports SQLAlchemy."""
