"""Every route of this domain."""

from hub.referrals.cases import charge_pages, opening_pages
from hub.referrals.cases import pages as case_pages
from hub.referrals.course import pages as course_pages
from hub.referrals.inbox import api as inbox_api
from hub.referrals.inbox import pages as inbox_pages
from hub.referrals.offers import pages as offer_pages

ROUTES = [
    *case_pages.ROUTES,
    *opening_pages.ROUTES,
    *charge_pages.ROUTES,
    *course_pages.ROUTES,
    *offer_pages.ROUTES,
    *inbox_pages.ROUTES,
    *inbox_api.ROUTES,
]
