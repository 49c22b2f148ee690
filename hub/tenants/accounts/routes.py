"""Every route about one's account, for `hub.app`."""

from hub.tenants.accounts import code_pages, forgotten_pages, own_pages, pages
from hub.tenants.accounts.second_factor import pages as second_factor_pages

ROUTES = [
    *pages.ROUTES,
    *code_pages.ROUTES,
    *forgotten_pages.ROUTES,
    *second_factor_pages.ROUTES,
    *own_pages.ROUTES,
]
