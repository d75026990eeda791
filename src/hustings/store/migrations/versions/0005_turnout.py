"""How many listened, once it is over. Of what took place before, nobody counted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, kind in (("peak", sa.BigInteger), ("heard_by", sa.BigInteger), ("stalled_share", sa.Double)):
        op.add_column("spaces", sa.Column(name, kind(), nullable=False, server_default=sa.text("0")))
