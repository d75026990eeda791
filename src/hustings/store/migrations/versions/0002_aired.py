"""Whether a seat was ever put on air. Those that are on air are taken to have been; the others ask the host again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("seats", sa.Column("aired", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(sa.text("UPDATE seats SET aired = on_air"))
